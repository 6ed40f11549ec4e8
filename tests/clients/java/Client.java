// The X-Ray SDK for Java asks our agent which requests to sample, and sends those to it.

import com.amazonaws.xray.AWSXRay;
import com.amazonaws.xray.entities.Segment;
import com.amazonaws.xray.entities.Subsegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

class Client {
    /** Until the rules are there the SDK decides by its own; such segments are not sent. */
    static Segment beginByRule(String service) throws InterruptedException {
        while (true) {
            Segment segment = AWSXRay.beginSegmentWithSampling(service);
            if (segment.getAws().get("xray") instanceof Map<?, ?> sdk && sdk.containsKey("rule_name")) {
                return segment;
            }
            AWSXRay.clearTraceEntity();
            Thread.sleep(10);
        }
    }

    static String placeOrder(Segment segment) {
        segment.setUser("bob");
        segment.putAnnotation("tenant", "t1");
        segment.putAnnotation("items", 5);
        segment.putAnnotation("express", true);
        segment.putMetadata("cart", Map.of("items", Arrays.asList(1, null, "é")));
        AWSXRay.beginSubsegment("price");
        AWSXRay.beginSubsegment("discount").putAnnotation("percent", 12.5);
        AWSXRay.endSubsegment();
        AWSXRay.endSubsegment();
        Subsegment charge = AWSXRay.beginSubsegment("charge");
        charge.setNamespace("remote");
        charge.addException(new IllegalStateException("no funds"));
        AWSXRay.endSubsegment();
        AWSXRay.endSegment();
        return segment.serialize();
    }

    static boolean isSampled(String service) {
        boolean isSampled = AWSXRay.beginSegmentWithSampling(service).isSampled();
        AWSXRay.endSegment();
        return isSampled;
    }

    public static void main(String[] services) throws Exception {
        String shop = services[0];
        String silent = services[1];
        List<String> orders = new ArrayList<>(List.of(placeOrder(beginByRule(shop))));
        while (orders.size() < 3) {
            orders.add(placeOrder(AWSXRay.beginSegmentWithSampling(shop)));
        }
        int unsampled = 0;
        for (int request = 0; request < 5; request++) {
            unsampled += isSampled(silent) ? 0 : 1;
        }
        System.out.println("{\"orders\":" + orders + ",\"unsampled\":" + unsampled + "}");
        System.in.transferTo(System.out); // the statistics are reported until standard input ends
        System.exit(0);
    }
}
