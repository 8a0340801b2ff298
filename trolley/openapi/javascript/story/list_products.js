const found = pm.response.json().items.find((product) => product.stock >= 2);
pm.test('finds a product in stock', () => pm.expect(found).to.be.an('object'));
pm.collectionVariables.set('product_id', found.id);
pm.collectionVariables.set('price', found.price);
