pm.test('sends the cart, then ends', () => {
    pm.expect(pm.response.headers.get('Content-Type')).to.include('text/event-stream');
    pm.expect(pm.response.text()).to.match(/^event: cart\ndata: \{/m).and.to.match(/^event: end$/m);
});
