package limits

import (
	"net/http"
	"net/url"
)

// checkNesting refuses a request in which any parameter nests brackets deeper
// than a person writes them: Prometheus parses and evaluates by recursion.
func (h *Handler) checkNesting(r *http.Request, body []byte) *refusal {
	for _, encoded := range []string{r.URL.RawQuery, string(body)} {
		// What Prometheus cannot decode it refuses itself.
		parameters, _ := url.ParseQuery(encoded)
		for _, values := range parameters {
			for _, value := range values {
				if found := nesting(value); found > h.QueryNesting {
					return tooDeep(found, h.QueryNesting)
				}
			}
		}
	}
	return nil
}

// nesting is how deep the brackets of a PromQL expression stand in each other.
// Those in strings and comments count for nothing.
func nesting(expression string) int {
	depth, deepest := 0, 0
	for at := 0; at < len(expression); at++ {
		switch character := expression[at]; character {
		case '(', '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ')', ']', '}':
			depth = max(depth-1, 0)
		case '"', '\'', '`':
			at = endOfString(expression, at)
		case '#':
			for at < len(expression) && expression[at] != '\n' {
				at++
			}
		}
	}
	return deepest
}

// endOfString is where the string that begins at `start` ends: at its closing
// quote, or with the expression.
func endOfString(expression string, start int) int {
	quote := expression[start]
	at := start + 1
	for ; at < len(expression) && expression[at] != quote; at++ {
		if expression[at] == '\\' && quote != '`' {
			at++
		}
	}
	return at
}
