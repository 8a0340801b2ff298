pm.collectionVariables.set('other_user_id', pm.response.json().user.id);
