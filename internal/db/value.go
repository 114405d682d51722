package db

import (
	"database/sql"
	"fmt"
	"reflect"
	"time"
)

// normal turns arguments into the few types both engines store alike.
func normal(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case nil, string, []byte, int64, float64:
		case int:
			args[i] = int64(v)
		case bool:
			args[i] = int64(0)
			if v {
				args[i] = int64(1)
			}
		case time.Time:
			if v.IsZero() {
				args[i] = nil
			} else {
				args[i] = v.UnixMicro()
			}
		default:
			args[i] = reflected(a)
		}
	}
	return args
}

func reflected(a any) any {
	v := reflect.ValueOf(a)
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint())
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return normal([]any{v.Elem().Interface()})[0]
	}
	return a
}

type timeDest struct{ t *time.Time }

func (d timeDest) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d.t = time.Time{}
	case int64:
		*d.t = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time is stored as microseconds, not as %T", src)
	}
	return nil
}

// Time reads microseconds into t; NULL gives the zero time.
func Time(t *time.Time) sql.Scanner { return timeDest{t} }

type boolDest struct{ b *bool }

func (d boolDest) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d.b = false
	case int64:
		*d.b = v != 0
	default:
		return fmt.Errorf("a truth is stored as 0 or 1, not as %T", src)
	}
	return nil
}

// Bool reads 0 or 1 into b; NULL gives false.
func Bool(b *bool) sql.Scanner { return boolDest{b} }

type nullDest[T any] struct{ v *T }

func (d nullDest[T]) Scan(src any) error {
	// The common case, without what sql.Null does for all the others.
	if v, ok := src.(T); ok {
		*d.v = v
		return nil
	}
	var n sql.Null[T]
	if err := n.Scan(src); err != nil {
		return err
	}
	*d.v = n.V
	return nil
}

// Null reads a column that may be NULL, which gives the zero value.
func Null[T any](v *T) sql.Scanner { return nullDest[T]{v} }
