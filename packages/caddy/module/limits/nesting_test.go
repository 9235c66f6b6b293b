package limits

import (
	"strings"
	"testing"
)

func TestNestingIsThatOfBracketsOutsideOfStringsAndComments(t *testing.T) {
	for expression, want := range map[string]int{
		``: 0, `up`: 0, `sum(rate(x{a="b"}[5m]))`: 3, `((((`: 4, `)))(`: 1, `()()()`: 1,
		`{a="((((("}`: 1, `{a='[[[\'((('}`: 1, "{a=`\\`}+(((1)))": 3, `{a="\\"} + ((1))`: 2, `"(((`: 0, `"\`: 0,
		"1 # ((((\n + (1)": 1, `# (((`: 0,
	} {
		if got := nesting(expression); got != want {
			t.Errorf("%q nests %d deep, want %d", expression, got, want)
		}
	}
}

func FuzzNestingIsBoundedByWhatIsOpened(f *testing.F) {
	f.Add(`sum(rate(x{a="b"}[5m]))`)
	f.Add(`"\`)
	f.Add("`#\n(")
	f.Fuzz(func(t *testing.T, expression string) {
		opened := strings.Count(expression, "(") + strings.Count(expression, "[") + strings.Count(expression, "{")
		if got := nesting(expression); got < 0 || got > opened {
			t.Errorf("%q nests %d deep, but opens %d brackets", expression, got, opened)
		}
		if inside, outside := nesting(expression), nesting("("+expression); inside+1 < outside {
			t.Errorf("one bracket before %q makes %d of %d", expression, outside, inside)
		}
	})
}
