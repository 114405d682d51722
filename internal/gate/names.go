package gate

// Rules names all rules, in the order in which they are looked at.
func Rules() []string {
	out := make([]string, len(rules))
	for i := range rules {
		out[i] = rules[i].name
	}
	return out
}
