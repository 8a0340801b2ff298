const cart = pm.response.json();
pm.test('is in the cart again', () => pm.expect(cart.item_count).to.eql(2));
pm.test('is saved no more', () => pm.expect(cart.saved_for_later).to.eql([]));
