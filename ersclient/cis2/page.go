package cis2

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
)

// page is what the browser shows at the end: in English and Welsh, without a script, and with
// nothing of the request in it.
type page struct{ bar, title, text, titleWelsh, textWelsh string }

var (
	finishedPage = page{
		bar: "#007f3b", title: "You have finished here", text: "Go back to e-RS Login. You can close this page.",
		titleWelsh: "Rydych wedi gorffen yma", textWelsh: "Ewch yn ôl i e-RS Login. Gallwch gau'r dudalen hon.",
	}
	deniedPage = failed(
		"You cancelled, or NHS Care Identity did not let you in.",
		"Fe wnaethoch ganslo, neu ni adawodd NHS Care Identity i chi fewngofnodi.")
	failedPage = failed("The sign-in service reported a problem.", "Rhoddodd y gwasanaeth mewngofnodi wybod am broblem.")
	// stalePage answers whatever is not the callback of the present sign-in, always with the same
	// words: most often it is the page of an earlier one.
	stalePage = page{
		bar: "#d5281b", title: "This page is out of date", text: "Close this page and go back to e-RS Login.",
		titleWelsh: "Mae'r dudalen hon wedi dyddio", textWelsh: "Caewch y dudalen hon ac ewch yn ôl i e-RS Login.",
	}
)

func failed(why, whyWelsh string) page {
	return page{
		bar: "#d5281b", title: "Signing in did not work",
		text:       why + " Go back to e-RS Login to see what to do. You can close this page.",
		titleWelsh: "Ni weithiodd y mewngofnodi",
		textWelsh:  whyWelsh + " Ewch yn ôl i e-RS Login i weld beth i'w wneud. Gallwch gau'r dudalen hon.",
	}
}

// style is that of the program's window.
func (p page) style() string {
	return `body{margin:0;background:#f0f4f5;color:#212b32;font:1.1875rem/1.47 "Noto Sans",Arial,sans-serif}` +
		`header{background:#005eb8;color:#fff;font-weight:700;padding:1.1rem 2rem}` +
		`main{box-sizing:border-box;max-width:44rem;margin:3rem auto;padding:2rem;background:#fff;border-top:6px solid ` + p.bar + `}` +
		`h1{font-size:1.75rem;line-height:1.3;margin:0 0 .75rem}p{margin:0}` +
		`section+section{margin-top:1.5rem;padding-top:1.5rem;border-top:1px solid #d8dde0}`
}

func (p page) write(w http.ResponseWriter, status int) {
	style := p.style()
	sum := sha256.Sum256([]byte(style))
	body := `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>` + p.title + ` - e-RS Login</title>` +
		`<meta name="viewport" content="width=device-width,initial-scale=1"><style>` + style + `</style></head><body>` +
		`<header>e-RS Login</header><main>` +
		`<section><h1>` + p.title + `</h1><p>` + p.text + `</p></section>` +
		`<section lang="cy"><h1>` + p.titleWelsh + `</h1><p>` + p.textWelsh + `</p></section>` +
		`</main></body></html>`
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	// A browser that has gone needs no page.
	_, _ = w.Write([]byte(body))
	_ = http.NewResponseController(w).Flush()
}
