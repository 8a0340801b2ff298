const cart = pm.response.json();
pm.test('is empty', () => pm.expect(cart.items).to.eql([]));
pm.test('can be undone', () => pm.expect(cart.undo.operation).to.eql('clear'));
