pm.test('holds three of it', () => pm.expect(pm.response.json().item_count).to.eql(3));
