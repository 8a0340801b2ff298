if (pm.response.code === 201) {
    pm.collectionVariables.set('own_product_id', pm.response.json().id);
    pm.collectionVariables.set('own_etag', pm.response.headers.get('ETag'));
}
