"""The hook for Step Functions, its mixins, and the operations that use it."""
