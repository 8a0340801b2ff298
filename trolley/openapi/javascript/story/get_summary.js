const summary = pm.response.json();
pm.test('counts both', () => pm.expect(summary.item_count).to.eql(2));
pm.test('adds up', () => pm.expect(summary.subtotal).to.eql(2 * pm.collectionVariables.get('price')));
