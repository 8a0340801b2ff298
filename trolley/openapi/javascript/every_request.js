if (!pm.collectionVariables.get('email')) {
    const number = `${Date.now()}${Math.floor(Math.random() * 1e6)}`;
    pm.collectionVariables.set('email', `ada.${number}@example.com`);
    pm.collectionVariables.set('sku', `PAN-${number}`);
    pm.collectionVariables.set('promo_code', `ADA${number}`);
}
if (!pm.collectionVariables.get('has_admin')) {
    pm.collectionVariables.set('admin_token', pm.collectionVariables.get('access_token'));
}
