# The texts people see, en. Every key stands in every language (server/src/page/tests.rs).

test-mode = TEST MODE – this server trusts what no real server should. Do not sign in with a real password.
login-title = Sign in
login-again-title = Confirm that it is you
login-lead = to continue to { $application }
login-missing = Please enter your username and your password.
login-wrong = That username and password do not belong together. Please try again.
username = Username
password = Password
remember = Keep me signed in on this device
login-button = Sign in
cancel = Cancel
policy-link = Privacy policy
tos-link = Terms of service
choose-title = Choose an account
choose-lead = More than one account is signed in in this browser.
choose-another = Use another account
consent-title = Allow access
consent-question = May { $application } have access?
consent-as = You are signed in as { $username }. The application asks to:
consent-new = new
consent-claim = read one detail: { $claim }
consent-resource = act for you at { $resource }
consent-allow = Allow
consent-deny = Do not allow
consent-later = You can take this back at any time on your account page.
scope-openid = know that it is you
scope-profile = read your profile: name, picture, language and the like
scope-email = read your e-mail address
scope-address = read your postal address
scope-phone = read your phone number
scope-offline-access = keep this access while you are away
scope-device-sso = share this sign-in with the same provider’s other apps on this device
scope-other = use the permission “{ $scope }”
logout-title = Sign out
logout-from = { $application } asks to sign you out.
logout-lead = Do you want to sign out of everything in this browser?
logout-sessions = Signed in here:
logout-device = You are also signed out of the applications that share this sign-in on a device.
logout-button = Sign out of all applications
logout-client = Sign out of { $application } only
logout-stay = Stay signed in
signed-out-title = You are signed out
signed-out-others = Still signed in in this browser:
signed-out-back = Back to { $application }
told-told = has been told
told-will-be = does not answer yet, will be told
told-could-not = could not be told: please sign out there yourself
told-browser = only your browser could tell it
error-title = This did not work
error-do = Please go back to the application and try again. If it happens again, tell its operators the words below.
error-code = Error
busy-title = One moment, please
busy-say = The server cannot do this right now. Nothing is lost; please try again in a moment.
form-post-title = Taking you back
form-post-button = Continue
account-title = Your account
account-lead = Signed in as { $username }
account-sessions = Where you are signed in
account-unknown-agent = Unknown browser
account-here = this browser
account-end = Sign out
account-applications = Applications with access
account-none = None yet.
account-withdraw = Withdraw
account-password = Password
account-current = Current password
account-new = New password
account-new-hint = At least 10 characters. Length helps more than symbols: three or four words make a good password.
account-repeat = New password again
account-change = Change password
account-sign-out = Sign out of this browser
account-did-password = Your password was changed. Other devices were signed out.
account-did-end = That session has ended.
account-differ = The new password was typed in two different ways.
account-wrong = The current password is not right.
account-too-many = Too many attempts. Please wait a few minutes.
home-title = The door is open
home-lead = { $name } signs you in to your applications, and out again.
home-account = Your account
home-developers = For applications:

title-problem = Problem:
login-lead-account = to see your account
login-too-many = Too many attempts. Please try again in { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}.
account-seen = last seen
account-since = since
account-did-withdraw = The application no longer has access, and it is being told.
signed-out-lead = Your session here has ended.
signed-out-stay-title = Your sign-in at { $application } has ended
signed-out-of = You have signed out of { $application }.
signed-out-before = There was nothing left to sign out of.
signed-out-others-told = Every other application you used has been told.
signed-out-none = No application had to be told.
signed-out-all = Every application you used has been told.
signed-out-soon = Not every application has answered yet.
signed-out-some = Please look at the list: not every application could be told.
signed-out-wait = We keep trying, even after you close this page.
signed-out-look = Look again
signed-out-browser = We cannot know whether an application that only your browser could tell has heard of it: many browsers hide an application’s cookies from it then. To be sure, sign out there yourself.
signed-out-onward = You will be taken back to { $application } in a moment.
told-there = Open { $application }
error-id = Reference
error-when = When
error-say = For developers
broken-title = Something went wrong here
broken-say = The fault is ours, not yours. Please try again in a moment; if it happens again, tell the operators of this server the words below.
form-post-lead = If nothing happens, press the button.
why-unknown = The application that sent you here is not known to this server.
why-disabled = The application that sent you here has been switched off.
why-address = The application wants to take you to an address it has not registered. For your safety we did not take you there.
why-old = This page is too old or was not made here.
why-browser = This page was opened in another browser than the one you began with.
why-cookie = Your browser did not send our cookie. Please allow cookies for this site.
why-not-here = That account is not signed in here any more.
why-hint = The application that wanted to sign you out did not say for whom in a way we can trust. You are still signed in.
why-request = The application sent a request that this server cannot accept. You have done nothing wrong.
password-short = The new password is too short. Please use at least 10 characters.
password-long = The new password is too long.
password-username = The new password must not be your username.
password-common = The new password is one of those that are guessed first. Please choose another.
password-control = The new password holds a character that cannot be typed.
password-same = The new password is the same as the old one.
ago-now = just now
ago-minutes = { $count ->
    [one] one minute ago
   *[other] { $count } minutes ago
}
ago-hours = { $count ->
    [one] one hour ago
   *[other] { $count } hours ago
}
date-day = { $day } { $month } { $year }
claim-name = your name
claim-given-name = your first name
claim-family-name = your last name
claim-middle-name = your middle name
claim-nickname = your nickname
claim-preferred-username = the username you prefer
claim-profile = the address of your profile page
claim-picture = your picture
claim-website = your website
claim-gender = your gender
claim-birthdate = your date of birth
claim-zoneinfo = your time zone
claim-locale = your language
claim-updated-at = when your profile was last changed
claim-email = your e-mail address
claim-email-verified = whether your e-mail address is confirmed
claim-address = your postal address
claim-phone-number = your phone number
claim-phone-number-verified = whether your phone number is confirmed
date-month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[other] December
}
login-create = Create an account
login-recover = Forgotten your password?
login-recovered = Your new password is set, and you are signed out everywhere else. Please sign in with it.
email = E-mail address
email-malformed = Please enter an e-mail address such as name@example.org.
mail-button = Send me the link
mail-too-many = Too many messages were asked for. Please try again in { $minutes ->
    [one] one minute
   *[other] { $minutes } minutes
}.
create-title = Create an account
create-lead = Your e-mail address will be your username. We send a message there; its link takes you on.
create-have = I have an account already
recover-title = Forgotten password
recover-lead = Type your username or your e-mail address. We send you a message; its link lets you choose a new password.
recover-name = Username or e-mail address
recover-missing = Please enter your username or your e-mail address.
recover-back = Back to sign-in
sent-title = Please look at your mail
sent-create = We have sent a message to { $address }. It says how to go on.
sent-recover = If there is an account for “{ $name }” and we know its e-mail address, a message is on its way there. Its link works for 30 minutes.
sent-nothing = Nothing there after a few minutes? Please look among the unwanted messages, and check what you typed.
link-name = Your name
link-name-wrong = Please enter your name in another way, or leave it out.
link-password = New password
link-repeat = New password again
link-verify-title = Confirm your e-mail address
link-verify-lead = Is { $address } to be the e-mail address of your account “{ $username }”?
link-verify-button = Yes, confirm
link-recover-title = Choose a new password
link-recover-lead = For the account “{ $username }”. You will be signed out everywhere else.
link-recover-button = Set password
link-create-lead = Your username: { $address }
link-create-button = Create account
account-email-confirmed = confirmed
account-email-unconfirmed = not confirmed
account-email-none = No address yet.
account-email-new = New e-mail address
account-email-hint = We send a message there. The address changes once you have opened its link in this browser.
account-details = Your details
account-details-keep = Save
account-did-details = Your details are saved.
account-detail-wrong = This will not do: please look at the marked field.
account-email-send = Send message
account-did-email = Your e-mail address is confirmed.
account-did-send = A message is on its way to that address. Please open the link in it in this browser.
account-many-letters = Too many messages were asked for. Please try again later.
account-to-applications = Open an application
applications-title = Your applications
applications-none = None of your applications can be opened from here.
why-link = This link has been used, is too old, or is not whole. Please ask for a new one.
why-taken = There is an account of this e-mail address already. Please sign in with it.
why-off = This is not offered here.
letter-create-subject = Create your account at { $name }
letter-create = Somebody, most likely you, wants to create an account at { $name } with this e-mail address. To go on, please open this link:
letter-create-not = If it was not you, you need do nothing: no account is made.
letter-taken-subject = You have an account at { $name } already
letter-taken = Somebody, most likely you, wanted to create an account at { $name } with this e-mail address. There is one already. You can sign in here:
letter-taken-not = If you have forgotten your password, the sign-in page helps. If it was not you, you need do nothing.
letter-verify-subject = Confirm your e-mail address at { $name }
letter-verify = The account “{ $username }” at { $name } is to have this e-mail address. To confirm it, please open this link in the browser you are signed in with:
letter-verify-not = If this is not your account, do not open the link, and nothing happens.
letter-changed-subject = Your e-mail address at { $name } was changed
letter-changed = The account “{ $username }” at { $name } has another e-mail address from now on; no more messages come here. Your account is here:
letter-changed-not = If it was not you who changed it, please tell the operators of { $name } at once.
letter-recover-subject = Choose a new password at { $name }
letter-recover = Somebody, most likely you, has forgotten the password of the account “{ $username }” at { $name }. To choose a new one, please open this link:
letter-recover-not = If it was not you, you need do nothing: your password stays as it is.
letter-minutes = The link works once, within { $count } minutes.
letter-hours = The link works once, within { $count } hours.
why-account = This account cannot sign in at the moment.
account-end-all = Sign out everywhere
account-device = apps of this device
account-end-device = Sign out this device
account-replayed = Somebody used an old key of this device. If you know nothing of a copy of it, sign it out.
end-title = Sign out?
end-lead-session = This ends your session in { $place }.
end-lead-stay = This signs you out of { $application } alone. The session goes on.
end-lead-all = This ends every session of yours, in every browser and on every device.
end-devices = { $count ->
    [one] The apps of a device that were signed in from there are signed out too.
   *[other] The apps of { $count } devices that were signed in from there are signed out too.
}
end-told = These applications take part:
end-nobody = No application takes part.
end-back = will be told
end-browser = this browser will tell it
end-untold = cannot be told: please sign out there yourself
end-keeps = keeps access in the background
end-offline = End access in the background too
end-back-out = Go back
