const cart = pm.response.json();
pm.test('costs nothing', () => pm.expect(cart.total).to.eql(0));
pm.test('is kept', () => pm.expect(cart.saved_for_later[0].quantity).to.eql(2));
