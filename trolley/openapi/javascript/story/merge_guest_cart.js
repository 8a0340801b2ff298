const merged = pm.response.json();
pm.test('holds the pieces of both carts, as far as there is stock', () =>
    pm.expect(merged.cart.item_count).to.eql(merged.lines[0].quantity).and.to.be.above(2));
pm.test('can be undone', () => pm.expect(merged.cart.undo.operation).to.eql('merge'));
