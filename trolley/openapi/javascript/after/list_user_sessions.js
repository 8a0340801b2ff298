const [first] = pm.response.json().items || [];
if (first) {
    pm.collectionVariables.set('other_session_id', first.id);
}
