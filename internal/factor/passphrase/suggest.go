package passphrase

import (
	"crypto/rand"
	"math/big"
	"strings"

	"sekisho/internal/secret"
)

// Proposed is how many words a proposal has that nobody asked otherwise of.
const Proposed = 5

// Words are made of sounds, each of a row drawn by itself.
//
// The English rows follow proquints (arXiv:0901.4016), consonant and vowel in
// turn, without f, whose sound and whose words are unlucky: 15·4·15·4·15 words,
// 15.7 bits each. The Japanese rows are three syllables of romaji that every
// input method and person spells alike (no shi, chi, tsu, fu, ji, n): 52³ words,
// 17.1 bits each. Kana would not do: fields for secrets switch input methods off.
var (
	consonants = strings.Fields("b d g h j k l m n p r s t v z")
	vowels     = strings.Fields("a i o u")
	syllables  = strings.Fields(`ka ki ku ke ko sa su se so ta te to na ni nu ne no ha hi he ho ma mi mu me mo
		ya yu yo ra ri ru re ro wa ga gi gu ge go za zu ze zo da de do ba bi bu be bo`)

	english  = [][]string{consonants, vowels, consonants, vowels, consonants}
	japanese = [][]string{syllables, syllables, syllables}
)

// Suggest proposes a passphrase of n words that can be spoken and typed, drawn
// with crypto/rand; fewer than 1 gives Proposed. lang is "ja" or anything else
// for English. Five words have 78 bits or more; no two of them are the same.
func Suggest(n int, lang string) secret.Text {
	if n < 1 {
		n = Proposed
	}
	rows := english
	if lang == "ja" {
		rows = japanese
	}
	var out []string
	seen := map[string]bool{}
	for len(out) < n {
		if w := word(rows); !seen[w] {
			seen[w] = true
			out = append(out, w)
		}
	}
	return secret.Text(strings.Join(out, " "))
}

func word(rows [][]string) string {
	var b strings.Builder
	for _, row := range rows {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(row))))
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		b.WriteString(row[i.Int64()])
	}
	return b.String()
}
