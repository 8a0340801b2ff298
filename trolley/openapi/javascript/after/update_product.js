pm.collectionVariables.set('own_etag', pm.response.headers.get('ETag'));
