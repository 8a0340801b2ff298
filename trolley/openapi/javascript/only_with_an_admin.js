if (!pm.variables.get('admin_email')) {
    pm.execution.skipRequest();
}
