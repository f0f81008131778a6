
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
