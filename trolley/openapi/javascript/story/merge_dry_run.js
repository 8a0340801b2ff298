const told = pm.response.json();
pm.test('tells what would become of the line', () => pm.expect(told.lines[0].quantity).to.eql(3));
pm.test('writes nothing', () => pm.expect(told.merge_id).to.eql(null));
