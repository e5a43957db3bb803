// Package portal is what a recipient sees: the pages behind the links of a
// notice. Each page does one thing for whoever holds its link, without account,
// cookie or script, and loads nothing from elsewhere.
//
//	GET  /                      what this is, and the field for the short code
//	POST /code                  to the notice with that code, or the field once more
//	GET  /n/{token}             the whole notice, with the objection and the request for access
//	POST /n/{token}/access      asks for access (Art. 15), then shows the notice again
//	GET  /o/{token}             explains the objection; changes nothing
//	POST /o/{token}             objects (Art. 21): one-click (RFC 8058), or the page's button
//	GET  /style-{hash}.css, /robots.txt, /favicon.ico
//
// # Who may do what
//
// A token is a capability: 128 bits of MAC over ids, made for one purpose
// (docs/rules.md R3). Nothing else identifies anybody, so there is no session that a
// foreign page could ride on: who can make a browser post to such an address
// already holds the token and could post it himself. That is why there is
// neither a cookie nor a CSRF token, and why Origin and Sec-Fetch-Site are not
// looked at: one-click requests come from mail providers' servers and carry
// whatever these like.
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
