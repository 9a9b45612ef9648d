// Package timeline is the virtual time of a simulation: what is to happen, in order.
package timeline

import (
	"cmp"
	"container/heap"
	"time"
)

// Timeline holds what is still to happen. Its zero value is empty.
type Timeline struct {
	queue  queue
	number int
}

// Add has something happen at a time. Of several at the same time, the first added comes first.
func (t *Timeline) Add(at time.Duration, happens func()) {
	t.number++
	heap.Push(&t.queue, moment{at, t.number, happens})
}

// Next takes out what happens next; happens is nil if there is nothing.
func (t *Timeline) Next() (at time.Duration, happens func()) {
	if len(t.queue) == 0 {
		return 0, nil
	}
	next, _ := heap.Pop(&t.queue).(moment)
	return next.at, next.happens
}

type moment struct {
	at      time.Duration
	number  int
	happens func()
}

// queue is a heap, the next moment first.
type queue []moment

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].number, q[j].number)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(one any) {
	if added, ok := one.(moment); ok {
		*q = append(*q, added)
	}
}
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
