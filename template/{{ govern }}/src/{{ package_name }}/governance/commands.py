"""The commands of this component."""

COMMANDS = {
    "forget": "Delete a person's rows everywhere, and list the models that learnt from them",
    "purge": "Delete logs that are older than conf/ keeps them",
    "policy": "Refuse forbidden columns, and an unsigned champion",
    "trail": "Verify the audit trail; name the first line that was tampered with",
    "lineage": "Follow a prediction back to model, run, commit and data, and compute it again",
    "sign": "Sign a registered version with an ed25519 key",
    "attacks": "Attack the model: membership inference, corrupted and impossible inputs",
    "technical-file": "Write what records and cards know into the technical documentation",
}
