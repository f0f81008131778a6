
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
console-counting = Die Mitteilungen werden zum ersten Mal gezählt, seit dieser Server gestartet wurde. Bei sehr vielen dauert das eine Weile.
console-counted = Gezählt { $at }
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
console-parked-see = Ansehen, was stillliegt
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
console-look-only = Sie dürfen hier alles sehen und nichts ändern. Wer diesen Server betreibt, kann mehr erlauben.
console-back = Zurück
console-ledger = Hauptbuch
console-find = Suchen
console-clients = Anwendungen
console-audit = Protokoll
console-notice = Mitteilung
console-notices = Mitteilungen
console-session = Sitzung
console-sessions = Sitzungen
console-person = Person
console-state = Stand
console-cause = Anlass
console-to = An
console-story = Was daraus wurde
console-promised = Versprochen
console-until = Versucht bis
console-client-id = Anwendung (client_id)
console-text = Beliebiger Text
console-any = alle
console-show = Anzeigen
console-show-all = Alles anzeigen
console-older = Ältere
console-next = Nächste Seite
console-ledger-none = So ist keine Mitteilung.
console-filter-wrong = Das Feld „{ $field }“ sagt uns nichts.
console-all-again = Alle diese erneut senden
console-all-give-up = Alle diese aufgeben
console-again = Erneut senden
console-give-up = Aufgeben
console-last-reply = Letzte Antwort
console-latency = Vom Versprechen bis zur Erledigung
console-name = Name
console-attempts = { $count ->
    [one] 1 Versuch
   *[other] { $count } Versuche
}
console-story-pending = { $attempts }; nächster { $due } UTC, bis { $until } UTC
console-story-delivered = mitgeteilt { $at } UTC ({ $attempts })
console-story-refused = abgelehnt { $at } UTC ({ $attempts })
console-story-parked = liegt still seit { $at } UTC ({ $attempts })
console-story-withdrawn = aufgegeben { $at } UTC ({ $attempts })
console-trouble-token = Sie sagt, das Logout-Token sei nicht gut. Kennt sie diesen Aussteller und seine Schlüssel? Ihr Protokoll sagt, warum; „ostiary rp check“ zeigt, was sie annimmt.
console-trouble-login = Sie verlangt dort eine Anmeldung. Anfragen an ihre Logout-Adresse ohne Anmeldung zulassen, dann erneut senden.
console-trouble-nothing = An ihrer backchannel_logout_uri ist nichts. Bitte berichtigen; der nächste Versuch liest sie neu.
console-trouble-redirect = Sie leitet um; dem wird nicht gefolgt. Bitte ihre backchannel_logout_uri berichtigen.
console-trouble-unsupported = An dieser Adresse kann sie kein Back-Channel Logout. Bitte ihre backchannel_logout_uri berichtigen.
console-trouble-often = Sie will seltener gefragt werden. Nichts zu tun: Es kommt von selbst wieder.
console-trouble-down = Sie ist gerade nicht da oder zu langsam. Es kommt von selbst wieder bis zur Frist; danach erneut senden.
console-trouble-odd = Ihre Antwort kennt keine Spezifikation. Bitte nachsehen, was an ihrer backchannel_logout_uri antwortet.
console-trouble-inside = Ihre Adresse darf von hier nicht erreicht werden. Soll sie innen liegen, zu outbound.internal hinzufügen, neu starten und erneut senden.
console-trouble-address = Sie hat keine backchannel_logout_uri mehr. Eine eintragen oder diese Mitteilung aufgeben.
console-trouble-deadline = Die Frist kam vor ihrer Antwort. Wenn sie wieder da ist, erneut senden.
console-trouble-certificate = Ihrem Zertifikat wird nicht vertraut. Erneuern, oder diese Maschine seiner Stelle vertrauen lassen.
console-trouble-unreachable = Sie ist nicht erreichbar. Läuft sie, und ist ihr Name von hier zu finden? Es kommt von selbst wieder bis zur Frist.
console-trouble-mail = Der Mailserver hat ihn nicht angenommen. „ostiary doctor“ probiert den Mailserver.
console-cause-rp-initiated = eine Anwendung bat darum
console-cause-person = die Person selbst
console-cause-consent-withdrawn = Zugriff entzogen
console-cause-operator = Betreiber
console-cause-password-changed = Passwort geändert
console-cause-account-disabled = Konto gesperrt
console-cause-client-disabled = Anwendung abgeschaltet
console-cause-idle-expiry = zu lange unbenutzt
console-cause-absolute-expiry = Lebenszeit um
console-cause-reuse = Code oder Token kam zweimal
console-cause-revoked = von der Anwendung widerrufen
console-cause-replaced = ersetzt
console-cause-sign-up = Brief: Anmeldung eines Kontos
console-cause-sign-up-taken = Brief: Adresse hat ein Konto
console-cause-verify-email = Brief: Adresse bestätigen
console-cause-email-changed = Brief: Adresse geändert
console-cause-recover = Brief: Passwort vergessen
console-did-again = { $count ->
    [one] Eine Mitteilung wird erneut gesendet.
   *[other] { $count } Mitteilungen werden erneut gesendet.
}
console-did-give-up = { $count ->
    [one] Eine Mitteilung wurde aufgegeben.
   *[other] { $count } Mitteilungen wurden aufgegeben.
}
console-did-end = { $count ->
    [one] Eine wurde beendet; wem es gesagt werden kann, dem wird es gesagt.
   *[other] { $count } wurden beendet; wem es gesagt werden kann, dem wird es gesagt.
}
console-settle-again = { $count ->
    [one] Eine Mitteilung erneut senden
   *[other] { $count } Mitteilungen erneut senden
}
console-settle-give-up = { $count ->
    [one] Eine Mitteilung aufgeben
   *[other] { $count } Mitteilungen aufgeben
}
console-settle-again-lead = Jede wird sofort versucht, und bis zu einer neuen Frist.
console-settle-give-up-lead = Niemandem wird mehr etwas gesagt. Sie zählen als zurückgezogen und können eines Tages doch noch gesendet werden.
console-settle-more = Es gibt noch mehr; dies sind die neuesten.
console-settle-which = Welche
console-find-words = Wer oder was
console-find-hint = Ein Benutzername oder sein Anfang, eine E-Mail-Adresse oder der Name einer Sitzung, eines Aufenthalts (sid), einer Mitteilung oder einer Anwendung.
console-find-button = Suchen
console-found = Gefunden
console-found-none = Nichts heißt so.
console-unknown = Hier ist nichts dieses Namens, oder nicht mehr.
console-clients-none = Keine Anwendung ist eingetragen.
console-back-channel = Back Channel
console-front-channel = Front Channel
console-none = keiner
console-client-disabled = Diese Anwendung ist abgeschaltet.
console-client-nowhere = Niemand ist dort angemeldet.
console-end-client = Alles dieser Anwendung beenden …
console-disabled = Dieses Konto ist gesperrt.
console-live-only = Nur was andauert
console-all-sessions = Auch Beendetes
console-end-everywhere = Überall abmelden …
console-signed-in = Wo die Person angemeldet ist
console-nowhere = Nirgends.
console-since = seit
console-begun = Seit
console-seen = Zuletzt gesehen
console-end = Beenden …
console-end-session = Diese Sitzung beenden …
console-background = Zugriff im Hintergrund
console-background-lead = Er dauert an, obwohl seine Sitzung beendet ist.
console-grant-online = mit der Sitzung
console-grant-offline = Hintergrund
console-device = Gerät
console-end-device = Dieses Gerät abmelden …
console-replayed = Ein ersetztes Geheimnis kam zurück
console-exchanged = Getauschte Tokens
console-exchanged-lead = Diese Clients nehmen nicht teil und werden nicht benachrichtigt. Was sie haben, hängt an den Berechtigungen, die enden, und stirbt mit ihnen.
console-n-exchanged = { $count ->
    [one] 1 Token
   *[other] { $count } Tokens
}
console-live = läuft
console-expired = abgelaufen
console-ended = beendet: { $cause }
console-told-folded = vor langem mitgeteilt
console-told-shown = nur der Browser konnte es sagen
console-told-unrecorded = nicht aufgeschrieben
console-why-no-address = nicht mitteilbar: keine Adresse
console-why-no-browser = nicht mitteilbar: nur ein Browser könnte es, und keiner ist hier
console-why-declined = will davon nichts hören
console-sessions-live = { $count ->
    [one] Eine Sitzung läuft.
   *[other] { $count } Sitzungen laufen.
}
console-proven = Nachgewiesen
console-idle-until = Endet unbenutzt
console-expires = Endet auf jeden Fall
console-ended-at = Beendet
console-by = von { $who }
console-history = Was geschah
console-what-opened = Eröffnet
console-what-authenticated = Erneut nachgewiesen, wer es ist
console-what-joined = Nimmt teil
console-what-granted = Gewährt
console-what-ended = Die Sitzung endete
console-what-left = Der Aufenthalt endete
console-what-grant-ended = Ein Zugriff endete
console-what-noticed = Eine Mitteilung wurde versprochen
console-what-settled = Die Mitteilung wurde erledigt
console-what-audited = Im Protokoll
console-end-title-session = Eine Sitzung von { $name } beenden
console-end-title-stay = Den Aufenthalt bei { $name } beenden
console-end-title-account = { $name } überall abmelden
console-end-title-client = Alles von { $name } beenden
console-end-lead = Noch ist nichts geschehen. Das wird daraus.
console-end-nothing = Es gibt nichts zu beenden: Es ist schon beendet.
console-end-part = { $count ->
    [one] Sie nimmt an einer Sitzung teil.
   *[other] Sie nimmt an { $count } Sitzungen teil; die Zahlen sind die der ersten, und alle sind gemeint.
}
console-end-sums = Was daraus wird
console-end-whom = Wem wir es sagen
console-end-do = Jetzt beenden
console-will-notice = wird benachrichtigt
console-dies = endet
console-lives = dauert an
console-n-sessions = { $count ->
    [one] Sitzung endet
   *[other] Sitzungen enden
}
console-n-stays = { $count ->
    [one] Aufenthalt endet
   *[other] Aufenthalte enden
}
console-n-noticed = { $count ->
    [one] wird benachrichtigt
   *[other] werden benachrichtigt
}
console-n-untold = { $count ->
    [one] nicht mitteilbar
   *[other] nicht mitteilbar
}
console-n-revoked = { $count ->
    [one] Zugriff endet
   *[other] Zugriffe enden
}
console-n-kept = { $count ->
    [one] Zugriff dauert an
   *[other] Zugriffe dauern an
}
console-offline-revoke = Auch Zugriff im Hintergrund beenden
console-offline-keep = Zugriff im Hintergrund andauern lassen
console-actor = Wer
console-subject = Woran
console-audit-none = So eine Zeile gibt es nicht.
