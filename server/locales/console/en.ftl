
# The operator's console.

console-title = Console
console-skip = Skip to the content
console-login = to enter the operator’s console
console-login-again = The console asks for a sign-in of the last hour; and of the last ten minutes, before it ends or sends again what concerns others.
console-may-look = may look
console-may-act = may act
console-closed = This page is not for you
console-closed-lead = It is for the operators of this server.
console-figures = Figures
console-as-of = As of
console-refresh = Refresh
console-counting = The notices are being counted for the first time since this server was started. With very many of them that takes a while.
console-counted = Counted { $at }
console-live-on = kept up to date
console-live-paused = paused
console-live-lost = the server does not answer, trying again
console-live-over = your sign-in is over or too old; refresh to sign in again
console-live-pause = Pause
console-live-go = Go on
console-parked = { $count ->
    [one] One notice needs somebody’s hand.
   *[other] { $count } notices need somebody’s hand.
}
console-parked-why = They are parked: their deadline came, or trying again cannot help.
console-parked-see = See what is parked
console-no-hands = Nothing needs your hand: no notice is parked.
console-equation = Every promise is accounted for
console-created = promised
console-state-delivered = delivered
console-state-refused = refused
console-state-parked = parked
console-state-pending = pending
console-state-withdrawn = withdrawn
console-adds-up = It adds up.
console-oldest = Oldest that is pending
console-oldest-short = Oldest pending
console-none-waits = none
console-shown = Told by the browser alone
console-untold = No way to tell
console-beside = What could not be promised stands beside the equation: applications that only a browser could tell, and those without an address.
console-by-client = By application
console-client = Application
console-adds-not = This does not add up.
console-proof = Every stay that ended in the last 24 hours: noticed, shown or untold.
console-missing = { $count ->
    [0] None is missing.
    [one] One is missing.
   *[other] { $count } are missing.
}
console-letters = letters to people, counted apart.
console-unsound = Something was lost. Please tell the developers; the audit log and the backups are worth keeping.
console-look-only = You may look at everything here, and change nothing. Whoever runs this server can allow more.
console-back = Back
console-ledger = Ledger
console-find = Find
console-clients = Applications
console-audit = Audit log
console-notice = Notice
console-notices = Notices
console-session = Session
console-sessions = Sessions
console-person = Person
console-state = State
console-cause = Cause
console-to = To
console-story = What became of it
console-promised = Promised
console-until = Tried until
console-client-id = Application (client_id)
console-text = Any text
console-any = any
console-show = Show
console-show-all = Show everything
console-older = Older
console-next = Next page
console-ledger-none = No notice is like that.
console-filter-wrong = The field “{ $field }” says nothing we know.
console-all-again = Send all of these again
console-all-give-up = Give all of these up
console-again = Send again
console-give-up = Give up
console-last-reply = Last answer
console-latency = From promise to settling
console-name = Name
console-attempts = { $count ->
    [one] 1 attempt
   *[other] { $count } attempts
}
console-story-pending = { $attempts }; next { $due } UTC, until { $until } UTC
console-story-delivered = told { $at } UTC ({ $attempts })
console-story-refused = refused { $at } UTC ({ $attempts })
console-story-parked = parked { $at } UTC ({ $attempts })
console-story-withdrawn = given up { $at } UTC ({ $attempts })
console-trouble-token = It says the logout token is not good. Does it know this issuer and its keys? Its log says why; “ostiary rp check” shows what it takes.
console-trouble-login = It wants somebody to sign in there. Let requests to its logout address in without a login, then send again.
console-trouble-nothing = There is nothing at its backchannel_logout_uri. Correct it; the next attempt reads it anew.
console-trouble-redirect = It redirects, which is not followed. Correct its backchannel_logout_uri.
console-trouble-unsupported = It does not do back-channel logout at that address. Correct its backchannel_logout_uri.
console-trouble-often = It wants to be asked less often. Nothing is to be done: it comes again by itself.
console-trouble-down = It is down or too slow for now. It comes again by itself until its deadline; after that, send it again.
console-trouble-odd = It gave an answer that no specification knows. Look at what answers at its backchannel_logout_uri.
console-trouble-inside = Its address may not be reached from here. If it is meant to be inside, add it to outbound.internal, restart, and send again.
console-trouble-address = It has no backchannel_logout_uri any more. Register one, or give this notice up.
console-trouble-deadline = Its deadline came before it answered. Once it is up again, send again.
console-trouble-certificate = Its certificate is not trusted. Renew it, or let this machine trust its authority.
console-trouble-unreachable = It cannot be reached. See that it is up and its name can be found from here; it comes again by itself until its deadline.
console-trouble-mail = The mail server did not take it. “ostiary doctor” tries the mail server.
console-cause-rp-initiated = an application asked
console-cause-person = the person
console-cause-consent-withdrawn = access withdrawn
console-cause-operator = an operator
console-cause-password-changed = password changed
console-cause-account-disabled = account disabled
console-cause-client-disabled = application disabled
console-cause-idle-expiry = unused too long
console-cause-absolute-expiry = life was over
console-cause-reuse = a code or token came twice
console-cause-revoked = the application revoked it
console-cause-replaced = replaced
console-cause-sign-up = letter: sign-up
console-cause-sign-up-taken = letter: address has an account
console-cause-verify-email = letter: confirm address
console-cause-email-changed = letter: address changed
console-cause-recover = letter: forgotten password
console-did-again = { $count ->
    [one] One notice is sent again.
   *[other] { $count } notices are sent again.
}
console-did-give-up = { $count ->
    [one] One notice was given up.
   *[other] { $count } notices were given up.
}
console-did-end = { $count ->
    [one] One was ended; everybody who can be told is being told.
   *[other] { $count } were ended; everybody who can be told is being told.
}
console-settle-again = { $count ->
    [one] Send one notice again
   *[other] Send { $count } notices again
}
console-settle-give-up = { $count ->
    [one] Give one notice up
   *[other] Give { $count } notices up
}
console-settle-again-lead = Each is tried at once, and until a new deadline.
console-settle-give-up-lead = Nobody is told any more. They count as withdrawn, and can still be sent again one day.
console-settle-more = There are more; these are the newest.
console-settle-which = Which
console-find-words = Who or what
console-find-hint = A username or its beginning, an e-mail address, or the name of a session, a stay (sid), a notice or an application.
console-find-button = Find
console-found = Found
console-found-none = Nothing has that name.
console-unknown = There is nothing of that name here, or not any more.
console-clients-none = No application is registered.
console-back-channel = Back channel
console-front-channel = Front channel
console-none = none
console-client-disabled = This application is disabled.
console-client-nowhere = Nobody is signed in there.
console-end-client = End everything of this application …
console-disabled = This account is disabled.
console-live-only = Only what goes on
console-all-sessions = Ended ones too
console-end-everywhere = Sign out everywhere …
console-signed-in = Where they are signed in
console-nowhere = Nowhere.
console-since = since
console-begun = Since
console-seen = Last seen
console-end = End …
console-end-session = End this session …
console-background = Background access
console-background-lead = It goes on although its session is over.
console-grant-online = with the session
console-grant-offline = background
console-device = Device
console-end-device = Sign out this device …
console-replayed = A replaced secret came back
console-exchanged = Exchanged tokens
console-exchanged-lead = These clients take no part and are not told. What they hold rests on the grants that end, and dies with them.
console-n-exchanged = { $count ->
    [one] 1 token
   *[other] { $count } tokens
}
console-live = live
console-expired = expired
console-ended = ended: { $cause }
console-told-folded = told long ago
console-told-shown = only the browser could tell it
console-told-unrecorded = not written down
console-why-no-address = cannot be told: it has no address
console-why-no-browser = cannot be told: only a browser could, and none is here
console-why-declined = does not want to hear of it
console-sessions-live = { $count ->
    [one] One session is live.
   *[other] { $count } sessions are live.
}
console-proven = Proven
console-idle-until = Ends unused
console-expires = Ends in any case
console-ended-at = Ended
console-by = by { $who }
console-history = What happened
console-what-opened = Opened
console-what-authenticated = Proved again who they are
console-what-joined = Began to take part
console-what-granted = Granted
console-what-ended = The session ended
console-what-left = The stay ended
console-what-grant-ended = A grant ended
console-what-noticed = A notice was promised
console-what-settled = The notice was settled
console-what-audited = In the audit log
console-end-title-session = End a session of { $name }
console-end-title-stay = End the stay at { $name }
console-end-title-account = Sign { $name } out everywhere
console-end-title-client = End everything of { $name }
console-end-lead = Nothing has happened yet. This is what will come of it.
console-end-nothing = There is nothing to end: it has ended already.
console-end-part = { $count ->
    [one] It takes part in one session.
   *[other] It takes part in { $count } sessions; the numbers are those of the first of them, and all of them are meant.
}
console-end-sums = What will come of it
console-end-whom = Whom we will tell
console-end-do = End it now
console-will-notice = will be told
console-dies = ends
console-lives = lives on
console-n-sessions = { $count ->
    [one] session ends
   *[other] sessions end
}
console-n-stays = { $count ->
    [one] stay ends
   *[other] stays end
}
console-n-noticed = { $count ->
    [one] will be told
   *[other] will be told
}
console-n-untold = { $count ->
    [one] cannot be told
   *[other] cannot be told
}
console-n-revoked = { $count ->
    [one] grant ends
   *[other] grants end
}
console-n-kept = { $count ->
    [one] grant lives on
   *[other] grants live on
}
console-offline-revoke = Let background access end too
console-offline-keep = Let background access live on
console-actor = Who
console-subject = What it was done to
console-audit-none = There is no such line.
