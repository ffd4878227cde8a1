"""The mixins of the hook, one for each kind of resource."""
