"""MiniStack refuses an alarm over several metrics. Here it watches the first of them."""

from ministack.services.cloudformation import provisioners


def mend():
    of_one_metric = provisioners._cw_metric_alarm_record

    def record(name, props):
        metrics = props.get("Metrics")
        if metrics:
            first = next(one["MetricStat"] for one in metrics if "MetricStat" in one)
            watched = {**first["Metric"], "Statistic": first["Stat"], "Period": first["Period"]}
            props = {**props, **watched, "Metrics": None}
        return of_one_metric(name, props)

    provisioners._cw_metric_alarm_record = record
