pm.test('is as it was before the merge', () => pm.expect(pm.response.json().item_count).to.eql(2));
