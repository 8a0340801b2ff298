const keep = (name, value) => value && pm.collectionVariables.set(name, value);
const mediaType = pm.response.headers.get('Content-Type') || '';

pm.test('is no fault of the server', () => pm.expect(pm.response.code).to.be.below(500));
if (pm.response.code >= 400) {
    pm.test('explains itself as a problem document (RFC 9457)', () =>
        pm.expect(mediaType).to.include('application/problem+json'));
} else if (pm.response.text() && mediaType.includes('application/json')) {
    const { user, access_token, refresh_token } = pm.response.json() ?? {};
    if (user && user.role === 'guest') {
        keep('guest_token', access_token);
    } else if (user && user.role === 'admin') {
        keep('admin_token', access_token);
        keep('has_admin', 'yes');
    } else {
        keep('access_token', access_token);
        keep('refresh_token', refresh_token);
    }
}
