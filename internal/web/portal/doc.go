// Package portal is what a recipient sees: the pages behind the links of a
// notice. Each page does one thing for whoever holds its link, without account,
// cookie or script, and loads nothing from elsewhere.
//
//	GET  /                      what this is, and the field for the short code
//	POST /code                  to the notice with that code, or the field once more
//	GET  /n/{token}             the whole notice, with the objection and the request for access
//	POST /n/{token}/access      asks for access (Art. 15), then shows the notice again
//	GET  /n/{token}/rights      what can be asked for, and where what was asked stands
//	GET  /n/{token}/rights/{kind}       one right: what will happen and by when
//	POST /n/{token}/rights/{kind}       asks for it; .../back takes it back
//	POST /n/{token}/rights/{kind}/send  has a code sent to the mailbox
//	POST /n/{token}/rights/{kind}/code  proves with the code who asks (R4)
//	GET  /n/{token}/data        what is held, for who has proved it; data.json is the file
//	POST /n/{token}/end         ends that
//	GET  /o/{token}             explains the objection; changes nothing
//	POST /o/{token}             objects (Art. 21): one-click (RFC 8058), or the page's button
//	GET  /style-{hash}.css, /robots.txt, /favicon.ico
//
// # Who may do what
//
// A token is a capability: 128 bits of MAC over ids, made for one purpose
// (docs/rules.md R3). Objecting needs nothing else, so that there is no session that a
// foreign page could ride on: who can make a browser post to such an address
// already holds the token and could post it himself. That is why it has
// neither a cookie nor a CSRF token, and why Origin and Sec-Fetch-Site are not
// looked at there: one-click requests come from mail providers' servers and carry
// whatever these like. The forms of rights are sent by our pages alone, and forms of another
// site are refused.
//
// A link may be forwarded, so it shows no data (R4). Who types the code that was sent to their
// mailbox, or stands in their letter, gets a cookie for half an hour, which opens
// the data of that notice's person in that browser and goes along with no form of another site.
//
// Mail scanners follow every link, so GET and HEAD change nothing (R1). Only
// POST with the right field does: List-Unsubscribe=One-Click from a provider (R2),
// from=page from our own button. Any other body changes nothing and is shown the
// button. The field is read from the body alone, never from the address.
//
// A link that is unknown, forged, mangled or made for something else gets one
// page, the same bytes for all of them, with the controller's contact and the
// code field.
//
// The language of a notice is that of its mail, and ?l= chooses another;
// elsewhere ?l= beats Accept-Language (RFC 9110, 12.5.4).
//
// What is logged is the route's pattern, never the path: paths hold tokens.
package portal
