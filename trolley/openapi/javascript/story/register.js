const { user } = pm.response.json();
pm.test('belongs to the new address', () => pm.expect(user.email).to.eql(pm.collectionVariables.get('email')));
pm.collectionVariables.set('user_id', user.id);
