const [line] = pm.response.json().items;
pm.test('holds two of it', () => {
    pm.expect(line.product_id).to.eql(pm.collectionVariables.get('product_id'));
    pm.expect(line.quantity).to.eql(2);
});
