const { promo_code, discount } = pm.response.json();
pm.test('takes something off', () => {
    pm.expect(promo_code.counts).to.eql(true);
    pm.expect(discount).to.be.above(0);
});
