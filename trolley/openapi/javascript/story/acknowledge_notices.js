pm.test('has nothing left to tell', () => pm.expect(pm.response.json().notices).to.eql([]));
