"""kubectl-release, the plugin: what happens, what would, what is missing, and people's sign-offs.

    main -> commands -> source (connects, reads and follows one Release; refusals in words)
      status   -> verdict (is it over, and how?), screen (once or live) -> layout -> story, advice
      watch    -> follow, watchscreen -> watchpage -> watchrows (words and numbers), watchgrid
      chart    -> curves (of status or record) -> textchart, or drawing (matplotlib)
      plan     -> manifest (a file), lookup (facts, dry runs) -> outlook (the operator's decision)
                  -> planview (documented shape) -> planpage
      explain  -> lookup -> outlook -> explanation -> remedies -> explainpage
      approve, reject, revoke, waive
               -> identity (who calls) -> outlook -> signing (would it count?) -> signpage

It has the rights of the person who calls it. Only `commands.sign` writes: one Approval. What is
pure and what is not is said in each module; only `source`, `lookup`, `identity` and `commands`
ask the API server.
"""
