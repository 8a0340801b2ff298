pm.test('has its lines again', () => pm.expect(pm.response.json().item_count).to.eql(2));
