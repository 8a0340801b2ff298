if (!pm.collectionVariables.get('email')) {
    const number = `${Date.now()}.${Math.floor(Math.random() * 1e9)}`;
    pm.collectionVariables.set('email', `ada.${number}@example.com`);
}
