mod revoke;
