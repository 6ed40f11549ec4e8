// The X-Ray SDK for Go asks our agent which requests to sample, and sends those to it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/aws/aws-xray-sdk-go/xray"
)

// Until the rules are there the SDK decides by its own; such segments are not sent.
func beginByRule(service string) (context.Context, *xray.Segment) {
	for {
		ctx, segment := xray.BeginSegment(context.Background(), service)
		if segment.AWS["xray"].(xray.SDK).RuleName != "" {
			return ctx, segment
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func placeOrder(ctx context.Context, segment *xray.Segment) *xray.Segment {
	segment.User = "bob"
	segment.AddAnnotation("tenant", "t1")
	segment.AddAnnotation("items", 5)
	segment.AddAnnotation("express", true)
	segment.AddMetadata("cart", map[string]any{"items": []any{1, nil, "é"}})
	xray.Capture(ctx, "price", func(ctx context.Context) error {
		return xray.Capture(ctx, "discount", func(ctx context.Context) error {
			return xray.AddAnnotation(ctx, "percent", 12.5)
		})
	})
	xray.Capture(ctx, "charge", func(ctx context.Context) error {
		xray.GetSegment(ctx).Namespace = "remote"
		return errors.New("no funds")
	})
	segment.Close(nil)
	return segment
}

func main() {
	runtime.GOMAXPROCS(1) // else Segment.Close, racing with the SDK's own goroutine, now and then sends a segment twice
	shop, silent := os.Args[1], os.Args[2]
	orders := []*xray.Segment{placeOrder(beginByRule(shop))}
	for len(orders) < 3 {
		orders = append(orders, placeOrder(xray.BeginSegment(context.Background(), shop)))
	}
	unsampled := 0
	for range [5]int{} {
		if _, segment := xray.BeginSegment(context.Background(), silent); !segment.Sampled {
			unsampled++
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{"orders": orders, "unsampled": unsampled})
	io.ReadAll(os.Stdin) // the statistics are reported until standard input ends
}
