
# The operator's console.

console-title = Console
console-skip = Aller au contenu
console-login = pour ouvrir la console d’exploitation
console-login-again = La console demande une connexion de moins d’une heure ; et de moins de dix minutes avant de terminer ou de renvoyer ce qui concerne autrui.
console-may-look = peut consulter
console-may-act = peut agir
console-closed = Cette page n’est pas pour vous
console-closed-lead = Elle est réservée aux personnes qui exploitent ce serveur.
console-figures = Chiffres
console-as-of = État du
console-refresh = Actualiser
console-counting = Les avis sont comptés pour la première fois depuis le démarrage de ce serveur. S’ils sont très nombreux, cela prend un moment.
console-counted = Comptés le { $at }
console-live-on = tenu à jour
console-live-paused = en pause
console-live-lost = le serveur ne répond pas, nouvel essai en cours
console-live-over = votre connexion est terminée ou trop ancienne ; actualisez pour vous reconnecter
console-live-pause = Mettre en pause
console-live-go = Reprendre
console-parked = { $count ->
    [one] Un avis demande une intervention.
   *[other] { $count } avis demandent une intervention.
}
console-parked-why = Ils sont en attente d’une personne : leur délai est échu, ou un nouvel essai ne peut rien y changer.
console-parked-see = Voir ce qui est bloqué
console-no-hands = Rien ne demande votre intervention : aucun avis n’est bloqué.
console-equation = Chaque promesse est comptée
console-created = promis
console-state-delivered = remis
console-state-refused = refusés
console-state-parked = bloqués
console-state-pending = en cours
console-state-withdrawn = retirés
console-adds-up = Le compte est bon.
console-oldest = Le plus ancien en cours
console-oldest-short = Plus ancien en cours
console-none-waits = aucun
console-shown = Avisées par le seul navigateur
console-untold = Impossible à aviser
console-beside = Ce qui ne pouvait être promis figure à côté du compte : les applications que seul un navigateur pouvait aviser, et celles sans adresse.
console-by-client = Par application
console-client = Application
console-adds-not = Le compte n’est pas bon.
console-proof = Chaque séjour terminé dans les dernières 24 heures : avisé, montré ou impossible à aviser.
console-missing = { $count ->
    [0] Aucun ne manque.
    [one] Un manque.
   *[other] { $count } manquent.
}
console-letters = lettres à des personnes, comptées à part.
console-unsound = Quelque chose s’est perdu. Veuillez le signaler aux développeurs ; gardez le journal et les sauvegardes.
console-look-only = Vous pouvez tout consulter ici et ne rien modifier. La personne qui exploite ce serveur peut vous en permettre davantage.
console-back = Retour
console-ledger = Registre
console-find = Rechercher
console-clients = Applications
console-audit = Journal
console-notice = Avis
console-notices = Avis
console-session = Session
console-sessions = Sessions
console-person = Personne
console-state = État
console-cause = Cause
console-to = À
console-story = Suite donnée
console-promised = Promis
console-until = Essayé jusqu’au
console-client-id = Application (client_id)
console-text = Texte libre
console-any = tous
console-show = Afficher
console-show-all = Tout afficher
console-older = Plus anciens
console-next = Page suivante
console-ledger-none = Aucun avis ne correspond.
console-filter-wrong = Le champ « { $field } » ne désigne rien de connu.
console-all-again = Renvoyer tous ceux-ci
console-all-give-up = Abandonner tous ceux-ci
console-again = Renvoyer
console-give-up = Abandonner
console-last-reply = Dernière réponse
console-latency = De la promesse au règlement
console-name = Nom
console-attempts = { $count ->
    [one] 1 essai
   *[other] { $count } essais
}
console-story-pending = { $attempts } ; prochain { $due } UTC, jusqu’au { $until } UTC
console-story-delivered = avisée { $at } UTC ({ $attempts })
console-story-refused = refusé { $at } UTC ({ $attempts })
console-story-parked = bloqué { $at } UTC ({ $attempts })
console-story-withdrawn = abandonné { $at } UTC ({ $attempts })
console-trouble-token = Elle dit que le jeton de déconnexion n’est pas valable. Connaît-elle cet émetteur et ses clés ? Son journal dit pourquoi ; « ostiary rp check » montre ce qu’elle accepte.
console-trouble-login = Elle y demande une connexion. Laissez entrer les requêtes vers son adresse de déconnexion sans connexion, puis renvoyez.
console-trouble-nothing = Il n’y a rien à sa backchannel_logout_uri. Corrigez-la ; le prochain essai la relit.
console-trouble-redirect = Elle redirige, ce qui n’est pas suivi. Corrigez sa backchannel_logout_uri.
console-trouble-unsupported = Elle ne fait pas de déconnexion par canal arrière à cette adresse. Corrigez sa backchannel_logout_uri.
console-trouble-often = Elle veut être sollicitée moins souvent. Rien à faire : l’avis revient de lui-même.
console-trouble-down = Elle est en panne ou trop lente pour l’instant. L’avis revient de lui-même jusqu’à son délai ; ensuite, renvoyez-le.
console-trouble-odd = Sa réponse n’est connue d’aucune spécification. Regardez ce qui répond à sa backchannel_logout_uri.
console-trouble-inside = Son adresse ne peut être atteinte d’ici. Si elle doit être interne, ajoutez-la à outbound.internal, redémarrez et renvoyez.
console-trouble-address = Elle n’a plus de backchannel_logout_uri. Enregistrez-en une, ou abandonnez cet avis.
console-trouble-deadline = Le délai est échu avant sa réponse. Quand elle sera de retour, renvoyez.
console-trouble-certificate = Son certificat n’est pas digne de confiance. Renouvelez-le, ou faites confiance à son autorité sur cette machine.
console-trouble-unreachable = Elle est injoignable. Vérifiez qu’elle fonctionne et que son nom se trouve d’ici ; l’avis revient de lui-même jusqu’à son délai.
console-trouble-mail = Le serveur de courrier ne l’a pas prise. « ostiary doctor » essaie le serveur de courrier.
console-cause-rp-initiated = demandée par une application
console-cause-person = la personne
console-cause-consent-withdrawn = accès retiré
console-cause-operator = exploitation
console-cause-password-changed = mot de passe changé
console-cause-account-disabled = compte désactivé
console-cause-client-disabled = application désactivée
console-cause-idle-expiry = inactivité
console-cause-absolute-expiry = durée écoulée
console-cause-reuse = code ou jeton présenté deux fois
console-cause-revoked = révoqué par l’application
console-cause-replaced = remplacée
console-cause-sign-up = lettre : inscription
console-cause-sign-up-taken = lettre : adresse déjà prise
console-cause-verify-email = lettre : confirmer l’adresse
console-cause-email-changed = lettre : adresse changée
console-cause-recover = lettre : mot de passe oublié
console-did-again = { $count ->
    [one] Un avis est renvoyé.
   *[other] { $count } avis sont renvoyés.
}
console-did-give-up = { $count ->
    [one] Un avis a été abandonné.
   *[other] { $count } avis ont été abandonnés.
}
console-did-end = { $count ->
    [one] Une a été terminée ; toutes celles qui peuvent être avisées le sont.
   *[other] { $count } ont été terminées ; toutes celles qui peuvent être avisées le sont.
}
console-settle-again = { $count ->
    [one] Renvoyer un avis
   *[other] Renvoyer { $count } avis
}
console-settle-give-up = { $count ->
    [one] Abandonner un avis
   *[other] Abandonner { $count } avis
}
console-settle-again-lead = Chacun est essayé tout de suite, et jusqu’à un nouveau délai.
console-settle-give-up-lead = Plus personne n’est avisé. Ils comptent comme retirés, et peuvent encore être renvoyés un jour.
console-settle-more = Il y en a davantage ; ceux-ci sont les plus récents.
console-settle-which = Lesquels
console-find-words = Qui ou quoi
console-find-hint = Un nom d’utilisateur ou son début, une adresse e-mail, ou le nom d’une session, d’un séjour (sid), d’un avis ou d’une application.
console-find-button = Rechercher
console-found = Trouvé
console-found-none = Rien ne porte ce nom.
console-unknown = Il n’y a rien de ce nom ici, ou plus rien.
console-clients-none = Aucune application n’est enregistrée.
console-back-channel = Canal arrière
console-front-channel = Canal avant
console-none = aucun
console-client-disabled = Cette application est désactivée.
console-client-nowhere = Personne n’y est connecté.
console-end-client = Terminer tout ce qui est de cette application…
console-disabled = Ce compte est désactivé.
console-live-only = Seulement ce qui dure
console-all-sessions = Aussi ce qui est terminé
console-end-everywhere = Déconnecter partout…
console-signed-in = Où la personne est connectée
console-nowhere = Nulle part.
console-since = depuis
console-begun = Depuis
console-seen = Vue pour la dernière fois
console-end = Terminer…
console-end-session = Terminer cette session…
console-background = Accès en arrière-plan
console-background-lead = Il dure bien que sa session soit terminée.
console-grant-online = avec la session
console-grant-offline = arrière-plan
console-device = Appareil
console-end-device = Déconnecter cet appareil…
console-replayed = Un secret remplacé est revenu
console-exchanged = Jetons échangés
console-exchanged-lead = Ces clients ne participent pas et ne sont pas prévenus. Ce qu’ils détiennent repose sur les autorisations qui prennent fin, et meurt avec elles.
console-n-exchanged = { $count ->
    [one] { $count } jeton
   *[other] { $count } jetons
}
console-live = en cours
console-expired = expirée
console-ended = terminée : { $cause }
console-told-folded = avisée il y a longtemps
console-told-shown = seul le navigateur pouvait l’aviser
console-told-unrecorded = non consigné
console-why-no-address = impossible à aviser : pas d’adresse
console-why-no-browser = impossible à aviser : seul un navigateur le pourrait, et aucun n’est là
console-why-declined = ne veut pas en être avisée
console-sessions-live = { $count ->
    [one] Une session est en cours.
   *[other] { $count } sessions sont en cours.
}
console-proven = Prouvé
console-idle-until = Finit sans usage
console-expires = Finit en tout cas
console-ended-at = Terminée
console-by = par { $who }
console-history = Ce qui s’est passé
console-what-opened = Ouverte
console-what-authenticated = Identité prouvée de nouveau
console-what-joined = A commencé à participer
console-what-granted = Accordé
console-what-ended = La session s’est terminée
console-what-left = Le séjour s’est terminé
console-what-grant-ended = Un accès a pris fin
console-what-noticed = Un avis a été promis
console-what-settled = L’avis a été réglé
console-what-audited = Dans le journal
console-end-title-session = Terminer une session de { $name }
console-end-title-stay = Terminer le séjour chez { $name }
console-end-title-account = Déconnecter { $name } partout
console-end-title-client = Terminer tout ce qui est de { $name }
console-end-lead = Rien n’est encore fait. Voici ce qu’il en adviendra.
console-end-nothing = Il n’y a rien à terminer : c’est déjà fait.
console-end-part = { $count ->
    [one] Elle participe à une session.
   *[other] Elle participe à { $count } sessions ; les chiffres sont ceux des premières, et toutes sont visées.
}
console-end-sums = Ce qu’il en adviendra
console-end-whom = Qui nous aviserons
console-end-do = Terminer maintenant
console-will-notice = sera avisée
console-dies = prend fin
console-lives = continue
console-n-sessions = { $count ->
    [one] session se termine
   *[other] sessions se terminent
}
console-n-stays = { $count ->
    [one] séjour se termine
   *[other] séjours se terminent
}
console-n-noticed = { $count ->
    [one] sera avisée
   *[other] seront avisées
}
console-n-untold = { $count ->
    [one] impossible à aviser
   *[other] impossibles à aviser
}
console-n-revoked = { $count ->
    [one] accès prend fin
   *[other] accès prennent fin
}
console-n-kept = { $count ->
    [one] accès continue
   *[other] accès continuent
}
console-offline-revoke = Terminer aussi l’accès en arrière-plan
console-offline-keep = Laisser continuer l’accès en arrière-plan
console-actor = Qui
console-subject = Sur quoi
console-audit-none = Il n’y a pas de telle ligne.
