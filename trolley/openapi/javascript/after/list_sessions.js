const other = pm.response.json().items.find((session) => !session.current);
if (other) {
    pm.collectionVariables.set('session_id', other.id);
}
