# The texts people see, fr. Every key stands in every language (server/src/page/tests.rs).

test-mode = MODE TEST – ce serveur fait confiance à ce qu’aucun vrai serveur ne devrait accepter. N’utilisez pas de vrai mot de passe.
login-title = Se connecter
login-again-title = Confirmez que c’est bien vous
login-lead = pour continuer vers { $application }
login-missing = Veuillez saisir votre identifiant et votre mot de passe.
login-wrong = Cet identifiant et ce mot de passe ne vont pas ensemble. Veuillez réessayer.
username = Identifiant
password = Mot de passe
remember = Rester connecté sur cet appareil
login-button = Se connecter
cancel = Annuler
policy-link = Politique de confidentialité
tos-link = Conditions d’utilisation
choose-title = Choisir un compte
choose-lead = Plusieurs comptes sont connectés dans ce navigateur.
choose-another = Utiliser un autre compte
consent-title = Autoriser l’accès
consent-question = Autoriser { $application } ?
consent-as = Vous êtes connecté en tant que { $username }. L’application demande à :
consent-new = nouveau
consent-claim = lire une information : { $claim }
consent-resource = agir en votre nom auprès de { $resource }
consent-allow = Autoriser
consent-deny = Refuser
consent-later = Vous pouvez revenir sur ce choix à tout moment sur la page de votre compte.
scope-openid = savoir que c’est vous
scope-profile = lire votre profil : nom, photo, langue, etc.
scope-email = lire votre adresse e-mail
scope-address = lire votre adresse postale
scope-phone = lire votre numéro de téléphone
scope-offline-access = conserver cet accès en votre absence
scope-device-sso = partager cette connexion avec les autres applications du même éditeur sur cet appareil
scope-other = utiliser l’autorisation « { $scope } »
logout-title = Se déconnecter
logout-from = { $application } demande votre déconnexion.
logout-lead = Voulez-vous tout déconnecter dans ce navigateur ?
logout-sessions = Connecté ici :
logout-device = Vous serez aussi déconnecté des applications qui partagent cette connexion sur un appareil.
logout-button = Se déconnecter de toutes les applications
logout-client = Se déconnecter de { $application } seulement
logout-stay = Rester connecté
signed-out-title = Déconnexion effectuée
signed-out-others = Sessions encore ouvertes dans ce navigateur :
signed-out-back = Retour à { $application }
told-told = a été prévenue
told-will-be = ne répond pas encore, sera prévenue
told-could-not = n’a pas pu être prévenue : déconnectez-vous-y vous-même
told-browser = seul votre navigateur pouvait la prévenir
error-title = Cela n’a pas fonctionné
error-do = Retournez à l’application et réessayez. Si le problème persiste, communiquez les indications ci-dessous à ses responsables.
error-code = Erreur
busy-title = Un instant, s’il vous plaît
busy-say = Le serveur ne peut pas le faire pour le moment. Rien n’est perdu ; veuillez réessayer dans un instant.
form-post-title = Retour à l’application
form-post-button = Continuer
account-title = Votre compte
account-lead = Connecté en tant que { $username }
account-sessions = Où vous êtes connecté
account-unknown-agent = Navigateur inconnu
account-here = ce navigateur
account-end = Déconnecter
account-applications = Applications autorisées
account-none = Aucune pour l’instant.
account-withdraw = Retirer
account-password = Mot de passe
account-current = Mot de passe actuel
account-new = Nouveau mot de passe
account-new-hint = Au moins 10 caractères. La longueur aide plus que les symboles : trois ou quatre mots font un bon mot de passe.
account-repeat = Nouveau mot de passe, encore une fois
account-change = Changer le mot de passe
account-sign-out = Se déconnecter de ce navigateur
account-did-password = Votre mot de passe a été changé. Les autres appareils ont été déconnectés.
account-did-end = Cette session est terminée.
account-differ = Les deux saisies du nouveau mot de passe diffèrent.
account-wrong = Le mot de passe actuel n’est pas correct.
account-too-many = Trop de tentatives. Veuillez patienter quelques minutes.
home-title = La porte est ouverte
home-lead = { $name } vous connecte à vos applications, et vous en déconnecte.
home-account = Votre compte
home-developers = Pour les applications :

title-problem = Problème :
login-lead-account = pour voir votre compte
login-too-many = Trop de tentatives. Veuillez réessayer dans { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
account-seen = vu pour la dernière fois :
account-since = depuis le
account-did-withdraw = L’application n’a plus accès, et nous l’en prévenons.
signed-out-lead = Votre session ici est terminée.
signed-out-stay-title = Votre connexion à { $application } est terminée
signed-out-of = Déconnexion de { $application } effectuée.
signed-out-before = Il n’y avait plus rien à déconnecter.
signed-out-others-told = Toutes les autres applications que vous avez utilisées ont aussi été prévenues.
signed-out-none = Aucune application n’était à prévenir.
signed-out-all = Toutes les applications que vous avez utilisées ont été prévenues.
signed-out-soon = Toutes les applications n’ont pas encore répondu.
signed-out-some = Veuillez consulter la liste : certaines applications n’ont pas pu être prévenues.
signed-out-wait = Nous continuons d’essayer, même si vous fermez cette page.
signed-out-look = Vérifier à nouveau
signed-out-browser = Nous ne pouvons pas savoir si une application que seul votre navigateur pouvait prévenir l’a bien été : beaucoup de navigateurs lui cachent alors ses cookies. Dans le doute, déconnectez-vous-y vous-même.
signed-out-onward = Vous allez revenir à { $application } dans un instant.
told-there = Ouvrir { $application }
error-id = Référence
error-when = Date
error-say = Pour les développeurs
broken-title = Une erreur s’est produite ici
broken-say = L’erreur vient de nous, pas de vous. Veuillez réessayer dans un instant ; si elle se reproduit, communiquez les indications ci-dessous aux responsables de ce serveur.
form-post-lead = Si rien ne se passe, appuyez sur le bouton.
why-unknown = L’application qui vous a envoyé ici n’est pas connue de ce serveur.
why-disabled = L’application qui vous a envoyé ici a été désactivée.
why-address = L’application veut vous envoyer à une adresse qu’elle n’a pas déclarée. Pour votre sécurité, nous ne l’avons pas fait.
why-old = Cette page est trop ancienne ou ne vient pas d’ici.
why-browser = Cette page a été ouverte dans un autre navigateur que celui où vous avez commencé.
why-cookie = Votre navigateur n’a pas envoyé notre cookie. Veuillez autoriser les cookies pour ce site.
why-not-here = Ce compte n’est plus connecté ici.
why-hint = L’application qui voulait vous déconnecter n’a pas indiqué de façon fiable de qui il s’agit. Vous êtes toujours connecté.
why-request = L’application a envoyé une demande que ce serveur ne peut pas accepter. Vous n’y êtes pour rien.
password-short = Le nouveau mot de passe est trop court. Utilisez au moins 10 caractères.
password-long = Le nouveau mot de passe est trop long.
password-username = Le nouveau mot de passe ne doit pas être votre identifiant.
password-common = Le nouveau mot de passe est l’un des premiers que l’on devine. Veuillez en choisir un autre.
password-control = Le nouveau mot de passe contient un caractère qui ne peut pas être saisi.
password-same = Le nouveau mot de passe est identique à l’ancien.
ago-now = à l’instant
ago-minutes = il y a { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
ago-hours = il y a { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}
date-day = { $day ->
    [1] 1er
   *[other] { $day }
} { $month } { $year }
claim-name = votre nom complet
claim-given-name = votre prénom
claim-family-name = votre nom de famille
claim-middle-name = votre deuxième prénom
claim-nickname = votre surnom
claim-preferred-username = l’identifiant que vous préférez
claim-profile = l’adresse de votre page de profil
claim-picture = votre photo
claim-website = votre site web
claim-gender = votre genre
claim-birthdate = votre date de naissance
claim-zoneinfo = votre fuseau horaire
claim-locale = votre langue
claim-updated-at = la date de dernière modification de votre profil
claim-email = votre adresse e-mail
claim-email-verified = si votre adresse e-mail est confirmée
claim-address = votre adresse postale
claim-phone-number = votre numéro de téléphone
claim-phone-number-verified = si votre numéro de téléphone est confirmé
date-month = { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[other] décembre
}
login-create = Créer un compte
login-recover = Mot de passe oublié ?
login-recovered = Votre nouveau mot de passe est enregistré et vous êtes déconnecté partout ailleurs. Veuillez vous connecter avec celui-ci.
email = Adresse e-mail
email-malformed = Veuillez saisir une adresse e-mail comme nom@example.org.
mail-button = M’envoyer le lien
mail-too-many = Trop de messages ont été demandés. Veuillez réessayer dans { $minutes ->
    [one] une minute
   *[other] { $minutes } minutes
}.
create-title = Créer un compte
create-lead = Votre adresse e-mail sera votre identifiant. Nous y envoyons un message ; son lien vous permet de continuer.
create-have = J’ai déjà un compte
recover-title = Mot de passe oublié
recover-lead = Saisissez votre identifiant ou votre adresse e-mail. Nous vous envoyons un message ; son lien vous permet de choisir un nouveau mot de passe.
recover-name = Identifiant ou adresse e-mail
recover-missing = Veuillez saisir votre identifiant ou votre adresse e-mail.
recover-back = Retour à la connexion
sent-title = Consultez votre messagerie
sent-create = Nous avons envoyé un message à { $address }. Il indique comment continuer.
sent-recover = S’il existe un compte pour « { $name } » et que nous connaissons son adresse e-mail, un message vient d’y être envoyé. Son lien fonctionne pendant 30 minutes.
sent-nothing = Toujours rien après quelques minutes ? Regardez parmi les messages indésirables et vérifiez votre saisie.
link-name = Votre nom
link-name-wrong = Veuillez écrire votre nom autrement, ou ne pas l’indiquer.
link-password = Nouveau mot de passe
link-repeat = Nouveau mot de passe, encore une fois
link-verify-title = Confirmer votre adresse e-mail
link-verify-lead = { $address } doit-elle devenir l’adresse e-mail de votre compte « { $username } » ?
link-verify-button = Oui, confirmer
link-recover-title = Choisir un nouveau mot de passe
link-recover-lead = Pour le compte « { $username } ». Vous serez déconnecté partout ailleurs.
link-recover-button = Enregistrer le mot de passe
link-create-lead = Votre identifiant : { $address }
link-create-button = Créer le compte
account-email-confirmed = confirmée
account-email-unconfirmed = non confirmée
account-email-none = Pas encore d’adresse.
account-email-new = Nouvelle adresse e-mail
account-email-hint = Nous y envoyons un message. L’adresse change dès que vous avez ouvert son lien dans ce navigateur.
account-details = Vos informations
account-details-keep = Enregistrer
account-did-details = Vos informations sont enregistrées.
account-detail-wrong = Cela ne convient pas : veuillez vérifier le champ indiqué.
account-email-send = Envoyer le message
account-did-email = Votre adresse e-mail est confirmée.
account-did-send = Un message est en route vers cette adresse. Ouvrez son lien dans ce navigateur.
account-many-letters = Trop de messages ont été demandés. Veuillez réessayer plus tard.
account-to-applications = Ouvrir une application
applications-title = Vos applications
applications-none = Aucune de vos applications ne peut être ouverte d’ici.
why-link = Ce lien a déjà été utilisé, est trop ancien ou incomplet. Veuillez en demander un nouveau.
why-taken = Il existe déjà un compte pour cette adresse e-mail. Veuillez vous connecter avec celui-ci.
why-off = Ceci n’est pas proposé ici.
letter-create-subject = Créez votre compte chez { $name }
letter-create = Quelqu’un, sans doute vous, souhaite créer un compte chez { $name } avec cette adresse e-mail. Pour continuer, ouvrez ce lien :
letter-create-not = Si ce n’était pas vous, vous n’avez rien à faire : aucun compte n’est créé.
letter-taken-subject = Vous avez déjà un compte chez { $name }
letter-taken = Quelqu’un, sans doute vous, voulait créer un compte chez { $name } avec cette adresse e-mail. Il en existe déjà un. Vous pouvez vous connecter ici :
letter-taken-not = Si vous avez oublié votre mot de passe, la page de connexion vous aide. Si ce n’était pas vous, vous n’avez rien à faire.
letter-verify-subject = Confirmez votre adresse e-mail chez { $name }
letter-verify = Le compte « { $username } » chez { $name } doit recevoir cette adresse e-mail. Pour la confirmer, ouvrez ce lien dans le navigateur où vous êtes connecté :
letter-verify-not = Si ce n’est pas votre compte, n’ouvrez pas ce lien et rien ne se passera.
letter-changed-subject = Votre adresse e-mail chez { $name } a été changée
letter-changed = Le compte « { $username } » chez { $name } a désormais une autre adresse e-mail ; plus aucun message n’arrive ici. Votre compte se trouve ici :
letter-changed-not = Si ce n’est pas vous qui l’avez changée, prévenez sans tarder les responsables de { $name }.
letter-recover-subject = Choisissez un nouveau mot de passe chez { $name }
letter-recover = Quelqu’un, sans doute vous, a oublié le mot de passe du compte « { $username } » chez { $name }. Pour en choisir un nouveau, ouvrez ce lien :
letter-recover-not = Si ce n’était pas vous, vous n’avez rien à faire : votre mot de passe reste le même.
letter-minutes = Le lien fonctionne une fois, pendant { $count } minutes.
letter-hours = Le lien fonctionne une fois, pendant { $count } heures.
why-account = Ce compte ne peut pas se connecter pour le moment.
account-end-all = Se déconnecter partout
account-device = applications de cet appareil
account-end-device = Déconnecter cet appareil
account-replayed = Une ancienne clé de cet appareil a été utilisée. Si vous ne savez rien d’une copie, déconnectez-le.
end-title = Se déconnecter ?
end-lead-session = Cela termine votre session dans { $place }.
end-lead-stay = Cela vous déconnecte de { $application } uniquement. La session continue.
end-lead-all = Cela termine toutes vos sessions, dans tous les navigateurs et sur tous les appareils.
end-devices = { $count ->
    [one] Les applis d’un appareil connectées à partir de là sont déconnectées aussi.
   *[other] Les applis de { $count } appareils connectées à partir de là sont déconnectées aussi.
}
end-told = Ces applications participent :
end-nobody = Aucune application ne participe.
end-back = sera prévenue
end-browser = ce navigateur la préviendra
end-untold = ne peut pas être prévenue : veuillez vous y déconnecter vous-même
end-keeps = garde l’accès en arrière-plan
end-offline = Terminer aussi l’accès en arrière-plan
end-back-out = Retour
