
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
