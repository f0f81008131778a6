
# The operator's console.

console-title = Konsole
console-skip = Zum Inhalt springen
console-login = um die Konsole der Betreiber zu öffnen
console-login-again = Die Konsole verlangt eine Anmeldung aus der letzten Stunde; und aus den letzten zehn Minuten, bevor sie beendet oder erneut sendet, was andere betrifft.
console-may-look = darf sehen
console-may-act = darf handeln
console-closed = Diese Seite ist nicht für Sie
console-closed-lead = Sie ist für die Betreiber dieses Servers.
console-figures = Zahlen
console-as-of = Stand
console-refresh = Aktualisieren
console-live-on = wird laufend aktualisiert
console-live-paused = angehalten
console-live-lost = der Server antwortet nicht, neuer Versuch folgt
console-live-over = Ihre Anmeldung ist beendet oder zu alt; bitte aktualisieren und neu anmelden
console-live-pause = Anhalten
console-live-go = Weiter
console-parked = { $count ->
    [one] Eine Mitteilung braucht jemandes Hand.
   *[other] { $count } Mitteilungen brauchen jemandes Hand.
}
console-parked-why = Sie liegen still: Die Frist ist um, oder ein neuer Versuch kann nicht helfen.
console-no-hands = Nichts braucht Ihre Hand: Keine Mitteilung liegt still.
console-equation = Über jedes Versprechen ist Buch geführt
console-created = versprochen
console-state-delivered = zugestellt
console-state-refused = abgelehnt
console-state-parked = liegt still
console-state-pending = offen
console-state-withdrawn = zurückgezogen
console-adds-up = Die Rechnung geht auf.
console-oldest = Älteste offene
console-oldest-short = Älteste offene
console-none-waits = keine
console-shown = Nur durch den Browser mitgeteilt
console-untold = Nicht mitteilbar
console-beside = Was nicht versprochen werden konnte, steht neben der Rechnung: Anwendungen, denen es nur ein Browser sagen konnte, und solche ohne Adresse.
console-by-client = Nach Anwendung
console-client = Anwendung
console-adds-not = Die Rechnung geht nicht auf.
console-proof = Jeder Aufenthalt, der in den letzten 24 Stunden endete: mitgeteilt, gezeigt oder nicht mitteilbar.
console-missing = { $count ->
    [0] Keiner fehlt.
    [one] Einer fehlt.
   *[other] { $count } fehlen.
}
console-letters = Briefe an Menschen, für sich gezählt.
console-unsound = Etwas ging verloren. Bitte den Entwicklern melden; Protokoll und Sicherungen sollten aufbewahrt werden.
