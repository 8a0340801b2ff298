pm.test('answers 200', () => pm.response.to.have.status(200));
pm.test('gives a token', () => pm.expect(pm.response.json().access_token).to.be.a('string'));
