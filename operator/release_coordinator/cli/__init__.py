"""kubectl-release, the plugin: what happens, what would, what is missing, and what people say.

    main -> commands.registry, grammar -> commands -> place (connects; refusals in words)
                                                   -> source (one Release of it, read and followed)
      list     -> waiting, progress -> listing, or listscreen (live, by the informer)
      status   -> verdict (is it over, and how?), screen (once or live) -> layout -> story, advice
      watch    -> follow, watchscreen -> watchpage -> watchrows (words and numbers), watchgrid
      logs     -> logsources (which containers) -> logs (side by side) -> logscreen
      init     -> draft (a first file); lint -> lint (what is wrong with one)
      chart    -> curves (of status or record) -> textchart, or drawing (matplotlib)
      plan     -> manifest (a file), lookup (facts, dry runs) -> outlook (the operator's decision)
                  -> planview (documented shape) -> planpage
      explain  -> lookup -> outlook -> explanation -> remedies -> explainpage
      approve, reject, revoke, waive
               -> identity (who calls) -> outlook -> signing (would it count?) -> signpage

It has the rights of the person who calls it. What is pure and what is not is said in each module;
only `place`, `source`, `lookup`, `identity`, `lint.server`, `logs` and `commands` ask the API
server.
"""
